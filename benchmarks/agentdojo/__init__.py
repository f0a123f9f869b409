"""How much work the guard lets through, and what it stops, on AgentDojo's tasks, in a shop and on a code host."""
