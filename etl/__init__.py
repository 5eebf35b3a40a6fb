"""Loading: deliveries in, checked and published warehouse versions out."""
