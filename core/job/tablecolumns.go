package job

import "github.com/datasync-io/datasync/core/config"

// TableColumns is an element of job.content[i].tableColumns: which columns of
// some tables leave the source, and in which form.
type TableColumns struct {
	// The tables, by name (users, shop.users) or pattern (shop.*, or a regular expression such as /shop\.order_[0-9]+/); their case does not matter.
	Table config.StringList `json:"table" required:"true"`
	// Columns that are taken, by name or pattern as for tables; the others are left out, also such as are added later. Absent: all.
	Include config.StringList `json:"include"`
	// Columns that are left out, also if they are added later.
	Exclude config.StringList `json:"exclude"`
	// Columns whose values are hidden behind other characters.
	Mask []MaskedColumns `json:"mask"`
	// Columns whose values are replaced by a digest: equal values stay equal, so that tables can be joined by them.
	Hash []HashedColumns `json:"hash"`
	// Columns whose values are cut.
	Truncate []TruncatedColumns `json:"truncate"`
}

// MaskedColumns hides values: one of text, length, and keepFirst or keepLast is given.
type MaskedColumns struct {
	// The columns.
	Columns config.StringList `json:"columns" required:"true"`
	// Stands in the place of every value; "" is allowed.
	Text *string `json:"text"`
	// So many characters stand in the place of every value, however long it is.
	Length *int `json:"length" min:"0"`
	// So many characters at the beginning stay, the others are replaced one by one; a value that is no longer than what stays is hidden whole.
	KeepFirst *int `json:"keepFirst" min:"0"`
	// So many characters at the end stay.
	KeepLast *int `json:"keepLast" min:"0"`
	// The character that hides; absent: an asterisk.
	With string `json:"with"`
}

// HashedColumns replaces values by the digest of salt and value, in hexadecimal digits.
type HashedColumns struct {
	// The columns.
	Columns config.StringList `json:"columns" required:"true"`
	// The digest.
	Algorithm string `json:"algorithm" enum:"sha256,sha512"`
	// A secret of at least 8 characters, such as ${env:NAME}, without which likely values could be tried; columns that are joined need the same.
	Salt config.Secret `json:"salt" required:"true"`
}

// SetDefaults fills in the digest.
func (h *HashedColumns) SetDefaults() { h.Algorithm = "sha256" }

// TruncatedColumns cuts values.
type TruncatedColumns struct {
	// The columns.
	Columns config.StringList `json:"columns" required:"true"`
	// So many characters are left at most.
	Length int `json:"length" required:"true" min:"1"`
}
