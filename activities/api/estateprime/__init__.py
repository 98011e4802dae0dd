"""What was said with contacts, as EstatePrime's contract has it."""
