"""What all pages share: who is looking at what, the filters, and how things are written and shown."""
