"""The judge of comparing: differences are planted by a script that keeps its own list, and what comparing finds is held
against that list. Nothing here is taken from the code that compares."""
