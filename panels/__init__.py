"""Everything that is pressed: pages for staff and citizens, and later agents for boxes and printers."""
