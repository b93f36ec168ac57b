"""What the suite costs: beside a bare star of empty services, and stage by stage."""
