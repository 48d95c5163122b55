"""LED bars over windows and in zones: a gateway from the hall's feed to the protocols of their cards."""
