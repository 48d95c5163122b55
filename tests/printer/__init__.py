"""The agent of ticket printers, against a printer that is made up and reads the bytes by itself."""
