"""How much work the guard lets through and how many attacks it stops, on AgentDojo's tasks."""
