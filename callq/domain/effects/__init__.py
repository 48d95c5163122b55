"""What events do to the state, by what they are about; see `callq.domain.apply`."""
