package columns

// Settings are the rules of a job.
type Settings struct {
	Rules   []Rule
	Changes bool // rows are changes, which a destination applies by the key of their table
}

// Rule is for the tables that fit one of the patterns. Columns are named by
// patterns too; see [record.Pattern].
type Rule struct {
	Tables   []string
	Include  []string // nil: all; else the others are left out
	Exclude  []string
	Mask     []Mask
	Hash     []Hash
	Truncate []Truncate
}

// Mask puts other characters in a value's place: a text, so many characters,
// or all but some at its ends. Exactly one of the three is given.
type Mask struct {
	Columns   []string
	Text      *string
	Length    *int
	KeepFirst int
	KeepLast  int
	Keeps     bool   // KeepFirst or KeepLast is given
	With      string // one character; "": an asterisk
}

// Hash puts the digest of salt and value in a value's place.
type Hash struct {
	Columns   []string
	Algorithm string // sha256 or sha512; "": sha256
	Salt      string // a secret
}

// Truncate cuts values to so many characters.
type Truncate struct {
	Columns []string
	Length  int
}

// Fault is what is wrong with settings, or with a table that they are for.
type Fault struct {
	Key string // of the settings, such as [0].hash[1].salt
	Err error
}

// Error names the key within tableColumns.
func (f *Fault) Error() string { return "tableColumns" + f.Key + ": " + f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }
