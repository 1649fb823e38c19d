"""Pure decisions: plain values in, plain values out. No database, no network, no clock."""
