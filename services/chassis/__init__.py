"""What every service shares and no domain knows: configuration, telemetry, health, faults, shutdown, persistence."""
