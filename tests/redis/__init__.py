"""Tests of the journal on real redis-servers."""
