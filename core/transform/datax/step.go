package datax

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/transform/javaregex"
)

// Settings are one element of the transformer list.
type Settings struct {
	Name   string // dx_substr ...
	Column int    // from 0
	Paras  []string
}

// Names are the transformers that there are.
var Names = []string{"dx_substr", "dx_pad", "dx_replace", "dx_filter", "dx_digest"}

// Fault is what is wrong with settings, and with which part: "name",
// "parameter.columnIndex", "parameter.paras", "parameter.paras[1]".
type Fault struct {
	Key string
	Err error
}

func (f *Fault) Error() string { return f.Key + ": " + f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

func fault(key, format string, args ...any) error {
	return &Fault{Key: key, Err: fmt.Errorf(format, args...)}
}

// Step is one transformer, checked. It may be shared by goroutines.
type Step struct {
	settings Settings
	// change makes the new text of a column; null tells that the old one is NULL.
	change func() change
	filter *filter // else
}

// change appends the new value to dst; ok is false for NULL.
type change func(dst, old []byte, null bool) (out []byte, ok bool, err error)

// NewStep checks settings. Its error is a [*Fault].
func NewStep(s Settings) (*Step, error) {
	if !slices.Contains(Names, s.Name) {
		if s.Name == "dx_groovy" {
			return nil, fault("name", "dx_groovy is not supported: no Groovy runs here; write it as transformSql ({\"transformSql\": \"SELECT ... FROM ... WHERE ...\"}), or as an expression in the reader's querySql")
		}
		return nil, fault("name", "unknown transformer %q, known are %s", s.Name, strings.Join(Names, ", "))
	}
	if s.Column < 0 {
		return nil, fault("parameter.columnIndex", "expected the index of a column, from 0")
	}
	st := &Step{settings: s}
	var err error
	switch s.Name {
	case "dx_substr":
		err = st.substr()
	case "dx_pad":
		err = st.pad()
	case "dx_replace":
		err = st.replace()
	case "dx_digest":
		err = st.digest()
	case "dx_filter":
		st.filter, err = newFilter(s)
	}
	if err != nil {
		return nil, err
	}
	return st, nil
}

// paras checks how many there are.
func (s Settings) paras(n int, what string) error {
	if len(s.Paras) != n {
		return fault("parameter.paras", "%s takes %d: %s; found %d", s.Name, n, what, len(s.Paras))
	}
	return nil
}

// number reads a count.
func (s Settings) number(i int) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s.Paras[i]))
	if err != nil || n < 0 || n > 1<<26 {
		return 0, fault(fmt.Sprintf("parameter.paras[%d]", i), "expected a number from 0 on, found %q", s.Paras[i])
	}
	return n, nil
}

func (s Settings) numbers() (start, length int, err error) {
	if start, err = s.number(0); err == nil {
		length, err = s.number(1)
	}
	return start, length, err
}

func (st *Step) substr() error {
	s := st.settings
	if err := s.paras(2, "start, length"); err != nil {
		return err
	}
	start, length, err := s.numbers()
	st.change = func() change {
		return func(dst, old []byte, null bool) ([]byte, bool, error) {
			if null {
				return dst, false, nil
			}
			from, to, err := span(old, start, length)
			if err != nil {
				return dst, false, err
			}
			return append(dst, old[from:to]...), true, nil
		}
	}
	return err
}

// span is where length characters from start on lie; fewer, at the end.
func span(b []byte, start, length int) (from, to int, err error) {
	have := utf8.RuneCount(b)
	if start > have {
		return 0, 0, errclass.BadValue("", errclass.Conversion, "the start %d is beyond its %d characters", start, have)
	}
	from = offset(b, start)
	return from, from + offset(b[from:], length), nil
}

// offset is where character n begins; the end, if there are fewer.
func offset(b []byte, n int) int {
	i := 0
	for ; n > 0 && i < len(b); n-- {
		_, size := utf8.DecodeRune(b[i:])
		i += size
	}
	return i
}

func (st *Step) pad() error {
	s := st.settings
	if err := s.paras(3, "l or r, length, text"); err != nil {
		return err
	}
	left := strings.EqualFold(s.Paras[0], "l")
	if !left && !strings.EqualFold(s.Paras[0], "r") {
		return fault("parameter.paras[0]", "expected l (pad on the left) or r, found %q", s.Paras[0])
	}
	length, err := s.number(1)
	if err != nil {
		return err
	}
	fill := []byte(s.Paras[2])
	if len(fill) == 0 {
		return fault("parameter.paras[2]", "expected the text to pad with")
	}
	st.change = func() change {
		return func(dst, old []byte, _ bool) ([]byte, bool, error) {
			missing := length - utf8.RuneCount(old)
			if missing <= 0 {
				return append(dst, old[:offset(old, length)]...), true, nil
			}
			if !left {
				dst = append(dst, old...)
			}
			for per := utf8.RuneCount(fill); missing > 0; missing -= per {
				dst = append(dst, fill[:offset(fill, missing)]...)
			}
			if left {
				dst = append(dst, old...)
			}
			return dst, true, nil
		}
	}
	return nil
}

func (st *Step) replace() error {
	s := st.settings
	if err := s.paras(3, "start, length, text"); err != nil {
		return err
	}
	start, length, err := s.numbers()
	with := []byte(s.Paras[2])
	st.change = func() change {
		return func(dst, old []byte, null bool) ([]byte, bool, error) {
			if null {
				return dst, false, nil
			}
			from, to, err := span(old, start, length)
			if err != nil {
				return dst, false, err
			}
			dst = append(append(dst, old[:from]...), with...)
			return append(dst, old[to:]...), true, nil
		}
	}
	return err
}

func (st *Step) digest() error {
	s := st.settings
	if err := s.paras(2, "md5 or sha1, toUpperCase or toLowerCase"); err != nil {
		return err
	}
	algorithm := map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New}[strings.ToLower(s.Paras[0])]
	if algorithm == nil {
		return fault("parameter.paras[0]", "expected md5 or sha1, found %q", s.Paras[0])
	}
	upper := s.Paras[1] == "toUpperCase"
	if !upper && s.Paras[1] != "toLowerCase" {
		return fault("parameter.paras[1]", "expected toUpperCase or toLowerCase, found %q", s.Paras[1])
	}
	st.change = func() change {
		h := algorithm()
		var sum []byte
		return func(dst, old []byte, _ bool) ([]byte, bool, error) {
			h.Reset()
			h.Write(old)
			sum = h.Sum(sum[:0])
			at := len(dst)
			dst = hex.AppendEncode(dst, sum)
			if upper {
				copy(dst[at:], bytes.ToUpper(dst[at:]))
			}
			return dst, true, nil
		}
	}
	return nil
}

// whole compiles a regular expression that must match all of a text.
func whole(pattern string) (*regexp.Regexp, error) {
	re, err := javaregex.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + re.String() + `)\z`)
}
