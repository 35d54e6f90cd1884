"""What REPORT answers, one module for each report."""
