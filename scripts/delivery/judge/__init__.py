"""The judge: always-valid evidence of harm and of safety, from what the gateway counted of both versions."""
