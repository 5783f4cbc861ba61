"""Guard processes in front of QuickFIX: they pass whole FIX messages and nothing else."""
