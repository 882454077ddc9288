package binlogkit

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// plainCharsets are those whose texts are UTF-8 as they are.
var plainCharsets = map[string]bool{"": true, "utf8mb4": true, "utf8mb3": true, "utf8": true, "ascii": true, "binary": true}

// singleBytes and multiBytes are the other character sets of the servers.
var singleBytes = map[string]*charmap.Charmap{
	"latin1": charmap.Windows1252, "latin2": charmap.ISO8859_2, "latin5": charmap.ISO8859_9, "latin7": charmap.ISO8859_13,
	"cp1250": charmap.Windows1250, "cp1251": charmap.Windows1251, "cp1256": charmap.Windows1256, "cp1257": charmap.Windows1257,
	"greek": charmap.ISO8859_7, "hebrew": charmap.ISO8859_8, "koi8r": charmap.KOI8R, "koi8u": charmap.KOI8U,
	"cp850": charmap.CodePage850, "cp852": charmap.CodePage852, "cp866": charmap.CodePage866,
	"macroman": charmap.Macintosh, "tis620": charmap.Windows874,
}

var multiBytes = map[string]encoding.Encoding{
	"gbk": simplifiedchinese.GBK, "gb2312": simplifiedchinese.GBK, "gb18030": simplifiedchinese.GB18030, "big5": traditionalchinese.Big5,
	"ujis": japanese.EUCJP, "eucjpms": japanese.EUCJP, "sjis": japanese.ShiftJIS, "cp932": japanese.ShiftJIS, "euckr": korean.EUCKR,
	"ucs2":    unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf16":   unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf32":   utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
}

// decoder makes UTF-8 of texts in one character set.
type decoder struct {
	runes  *[256]rune // of a set of single bytes
	stream transform.Transformer
}

// newDecoder returns nil where texts are UTF-8 as they are; false if the
// character set is not known.
func newDecoder(charset string) (*decoder, bool) {
	if plainCharsets[charset] {
		return nil, true
	}
	if m := singleBytes[charset]; m != nil {
		d := &decoder{runes: &[256]rune{}}
		for i := range d.runes {
			if d.runes[i] = m.DecodeByte(byte(i)); d.runes[i] == utf8.RuneError {
				d.runes[i] = rune(i) // the servers keep what has no character
			}
		}
		return d, true
	}
	if m := multiBytes[charset]; m != nil {
		return &decoder{stream: m.NewDecoder().Transformer}, true
	}
	return nil, false
}

// append appends v as UTF-8.
func (d *decoder) append(dst, v []byte) ([]byte, error) {
	if d.runes != nil {
		for _, c := range v {
			if c < utf8.RuneSelf {
				dst = append(dst, c)
			} else {
				dst = utf8.AppendRune(dst, d.runes[c])
			}
		}
		return dst, nil
	}
	d.stream.Reset()
	for {
		if cap(dst)-len(dst) < 4*utf8.UTFMax {
			dst = append(dst, make([]byte, max(len(v)*2, 64))...)[:len(dst)]
		}
		n, read, err := d.stream.Transform(dst[len(dst):cap(dst)], v, true)
		dst, v = dst[:len(dst)+n], v[read:]
		if err != transform.ErrShortDst {
			return dst, err
		}
	}
}
