package main

import (
	"io"
	"sync"
)

// clearLine takes the cursor to the start of its line and empties the line.
const clearLine = "\r\x1b[2K"

// console is stderr shared by log lines and a progress line: a log line takes
// the place of the progress line, which is drawn again beneath it. Safe for
// concurrent use.
type console struct {
	mu    sync.Mutex
	w     io.Writer
	drawn bool // a progress line stands there
}

// Write writes log lines.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	return c.w.Write(p)
}

// finish takes the progress line away.
func (c *console) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

func (c *console) clear() {
	if c.drawn {
		_, _ = io.WriteString(c.w, clearLine)
		c.drawn = false
	}
}

// line is the side of the console that the progress line is drawn on.
type line struct{ c *console }

// Write draws.
func (l line) Write(p []byte) (int, error) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.c.drawn = true
	return l.c.w.Write(p)
}
