"""What stands in for a peer that is away: last known facts in level 1's order, and no re-ranking."""
