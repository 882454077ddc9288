package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

const mask = "******"

// Secret is a text that no print, log or encoding shows. The zero value is
// unset. The text lies behind a pointer, so that fmt does not reach it in an
// unexported field of another struct either.
type Secret struct{ text *string }

// NewSecret returns a secret; "" is unset.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal returns the text, for the one who dials.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether there is a text.
func (s Secret) IsSet() bool { return s.text != nil }

// Equal reports whether both hold the same text.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String returns asterisks, or "" if unset.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return mask
}

// Format prints what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON encodes what String returns.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText encodes what String returns.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalConfig takes the node's text.
func (s *Secret) UnmarshalConfig(d *Decoder) error {
	switch n := d.Node(); n.Kind() {
	case StringKind, NumberKind, BoolKind:
		*s = NewSecret(n.Text())
		return nil
	default:
		return n.Errorf("expected a text, found %s", n.Kind())
	}
}
