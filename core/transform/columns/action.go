package columns

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/record"
)

// doing is what becomes of a column.
type doing uint8

const (
	keep doing = iota
	leaveOut
	fixed    // a text in the value's place
	hideSome // all but characters at the ends
	cut
	digest
)

// action is what one entry of a rule does. It is not changed once made.
type action struct {
	do          doing
	key         string // of the settings
	text        []byte // fixed: the value
	length      int    // of what comes out, in characters; 0: unknown
	first, last int    // hideSome: how many characters stay
	with        []byte // hideSome: one character
	most        int    // cut: characters
	algorithm   func() hash.Hash
	salt        []byte
}

// algorithms are the digests by name; all keep different values apart.
var algorithms = map[string]func() hash.Hash{"": sha256.New, "sha256": sha256.New, "sha512": sha512.New}

// distinct tells that different values stay different: a key can be made of them.
func (a *action) distinct() bool { return a == nil || a.do == digest }

// column is what the action makes of a column.
func (a *action) column(c *record.Column) record.Column {
	out := record.Column{Name: c.Name, Kind: record.String, Nullable: c.Nullable, Comment: c.Comment, Length: a.length}
	if known := c.Length; c.Kind == record.String && known > 0 {
		switch {
		case a.do == hideSome:
			out.Length = known
		case a.do == cut:
			out.Length = min(known, a.most)
		}
	}
	return out
}

// appendText appends what becomes of a text; digests have their own.
func (a *action) appendText(dst, text []byte) []byte {
	switch a.do {
	case cut:
		return append(dst, text[:after(text, a.most)]...)
	case hideSome:
		return a.appendHidden(dst, text)
	}
	return append(dst, a.text...)
}

// appendHidden appends a text of as many characters, of which those at the ends
// stay. One that is no longer than what stays is hidden as a whole.
func (a *action) appendHidden(dst, text []byte) []byte {
	n := utf8.RuneCount(text)
	first, last := a.first, a.last
	if n <= first+last {
		first, last = 0, 0
	}
	dst = append(dst, text[:after(text, first)]...)
	for range n - first - last {
		dst = append(dst, a.with...)
	}
	return append(dst, text[after(text, n-last):]...)
}

// after is where the first n characters of a text end.
func after(text []byte, n int) (at int) {
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}

// digester computes digests for one channel.
type digester struct {
	hash hash.Hash
	salt []byte
	sum  []byte
}

func newDigester(a *action) *digester { return &digester{hash: a.algorithm(), salt: a.salt} }

// appendDigest appends the digest of the salt and the value behind it, as
// hexadecimal digits (Debezium's column.mask.hash.v2 has the same).
func (d *digester) appendDigest(dst, value []byte) []byte {
	d.hash.Reset()
	_, _ = d.hash.Write(d.salt) // a hash never fails
	_, _ = d.hash.Write(value)
	d.sum = d.hash.Sum(d.sum[:0])
	return hex.AppendEncode(dst, d.sum)
}
