"""Everything that shows: pages for screens, and later drivers and voice."""
