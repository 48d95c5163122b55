"""A live hall to look at: the real server, with simulated citizens and clerks at its public doors."""
