package main

import (
	"io"
	"slices"
	"strings"
	"sync"
)

// clearLine takes the cursor to the start of its line and empties the line;
// lineUp takes it to the line above.
const (
	clearLine = "\r\x1b[2K"
	lineUp    = "\x1b[1A"
)

// console is stderr shared by log lines and the progress lines of jobs: a log
// line takes the place of the progress lines, which are drawn again beneath it.
// Safe for concurrent use.
type console struct {
	w     io.Writer
	width func() int // of the terminal; nil or 0: unknown

	mu     sync.Mutex
	blocks []*block
	drawn  int // so many progress lines stand there
}

// block is the lines of one job on a console.
type block struct {
	c     *console
	lines []string
}

// Write writes log lines.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.draw(string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// block adds a job's lines beneath those that are there.
func (c *console) block() *block {
	b := &block{c: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = append(c.blocks, b)
	return b
}

// show replaces the lines.
func (b *block) show(lines ...string) {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	b.lines = lines
	_ = b.c.draw("") // a picture that cannot be drawn is no loss
}

// finish takes the lines away.
func (b *block) finish() {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	b.c.blocks = slices.DeleteFunc(b.c.blocks, func(other *block) bool { return other == b })
	_ = b.c.draw("")
}

// draw writes a text where the progress lines stand, and these beneath it, in
// one piece.
func (c *console) draw(text string) error {
	var out strings.Builder
	if c.drawn > 0 {
		out.WriteString(clearLine + strings.Repeat(lineUp+clearLine, c.drawn-1))
	}
	out.WriteString(text)
	c.drawn = 0
	for _, b := range c.blocks {
		for _, line := range b.lines {
			if c.drawn > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(c.fit(line))
			c.drawn++
		}
	}
	if out.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(c.w, out.String())
	return err
}

// fit cuts a line: one that wraps could not be taken away.
func (c *console) fit(line string) string {
	width := 0
	if c.width != nil {
		width = c.width()
	}
	if runes := []rune(line); width > 1 && len(runes) >= width {
		return string(runes[:width-1])
	}
	return line
}
