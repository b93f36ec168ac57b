"""What stands in for a peer that is away: last known facts, and no rules."""
