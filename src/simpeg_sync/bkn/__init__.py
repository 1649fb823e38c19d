"""BKN's web services: how a request looks, how it travels, what an answer means. Decides nothing about records."""
