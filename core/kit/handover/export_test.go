package handover

// SetChunk has chunks of so many rows read.
func (c *Copier[H, T]) SetChunk(rows int) { c.size, c.log.Rows, c.soonest = rows, rows, 0 }
