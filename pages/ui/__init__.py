"""What pages share: who looks at what, the filters, how things are written and shown."""
