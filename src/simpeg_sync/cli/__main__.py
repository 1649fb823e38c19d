from simpeg_sync.cli import main

main()
