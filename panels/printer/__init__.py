"""The agent of ticket printers: from the hall's feed to ESC/POS."""
