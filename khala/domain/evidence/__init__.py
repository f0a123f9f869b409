"""Which passage of a result carries a sentence; pure rules over words, numbers and names."""
