package pump

import "sync/atomic"

// trouble tells the outside that something is being tried again, and when that
// is over. A nil one tells nobody.
type trouble struct {
	tell func(n int) // Config.Trouble
	on   atomic.Bool
}

func (t *trouble) begin() {
	if t != nil && !t.on.Swap(true) {
		t.tell(1)
	}
}

func (t *trouble) over() {
	if t != nil && t.on.Swap(false) {
		t.tell(-1)
	}
}

// trouble returns one for something that may have to be tried again.
func (c *Config) trouble() *trouble {
	if c.Trouble == nil {
		return nil
	}
	return &trouble{tell: c.Trouble}
}

// patience returns what an operation is tried again with, in place; its
// trouble is over when the operation returns.
func (c *Config) patience() *patience {
	p := newPatience(c.Retry, c.Log)
	p.trouble = c.trouble()
	return p
}
