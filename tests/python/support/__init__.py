"""What tests share: worlds to build from, second calculations, and ways to compare."""
