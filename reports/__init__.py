"""What is drawn and written from answers, for pages as for exports."""
