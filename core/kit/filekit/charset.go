package filekit

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"

	"github.com/datasync-io/datasync/core/errclass"
)

// Charset is an encoding of texts other than UTF-8.
type Charset struct {
	encoding.Encoding
	Head  string // what a file begins with: a byte order mark
	Whole bool   // U+FFFD can be in such a text, so that one says nothing about broken bytes
}

// CharsetOf returns the charset of that name, as IANA or browsers call it; nil
// for UTF-8. ISO-8859-1 is that, not windows-1252 as browsers have it. UTF-16
// without more is written big endian behind a mark, and read as its mark says.
func CharsetOf(name string) (*Charset, error) {
	switch strings.ToLower(strings.ReplaceAll(name, "_", "-")) {
	case "", "utf-8", "utf8":
		return nil, nil
	case "utf-16", "utf16":
		return &Charset{Encoding: utf16{}, Head: "\xfe\xff", Whole: true}, nil
	case "utf-16le", "utf-16be", "gb18030":
		e, err := htmlindex.Get(name)
		return &Charset{Encoding: e, Whole: true}, err
	}
	e, err := ianaindex.IANA.Encoding(name)
	if e == nil || err != nil {
		e, err = htmlindex.Get(name)
	}
	if err != nil || e == nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("unknown encoding %q; known are UTF-8, UTF-16, GBK, GB18030, Big5, ISO-8859-1, windows-1252, Shift_JIS and others", name))
	}
	return &Charset{Encoding: e}, nil
}

// utf16 reads with or without a mark and writes big endian without one.
type utf16 struct{}

func (utf16) NewDecoder() *encoding.Decoder {
	return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder()
}

func (utf16) NewEncoder() *encoding.Encoder {
	return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder()
}
