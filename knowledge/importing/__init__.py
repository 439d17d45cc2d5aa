"""An office's rules in Word or text, split into the data format: read, cut, named, and what is doubtful."""
