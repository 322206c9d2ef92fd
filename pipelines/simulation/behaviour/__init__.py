"""What customers do, table by table: purchases, visits, reactions to campaigns, feedback, contracts."""
