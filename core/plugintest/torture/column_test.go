package torture

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// product is a system's SQL, as far as the tables differ in it.
type product int

const (
	postgresql product = iota
	mysql
)

// kind is a type of column: how each product calls it, random values of it, and
// the text of a value that is the same whichever product says it.
type kind struct {
	types  [2]string                    // by product
	show   [2]string                    // an expression of the value's text, over the column %s
	random func(r *rand.Rand) string    // as it is written between quotes
	parse  func(text string) string     // of what show gives; nil: as it is
	change func(v any) (string, error)  // of a value in a message; nil: a text or a number as show says it
	spell  [2]func(value string) string // nil: quoted
}

const (
	clock = "2006-01-02 15:04:05.000000"
	day   = "2006-01-02"
	hours = "15:04:05.000000"
)

var (
	small = &kind{types: [2]string{"integer", "INT"}, show: plain, random: func(r *rand.Rand) string { return strconv.Itoa(r.IntN(2000) - 1000) }}
	big   = &kind{types: [2]string{"bigint", "BIGINT"}, show: plain, random: func(r *rand.Rand) string { return strconv.FormatInt(int64(r.Uint64()), 10) }}
	huge  = &kind{types: [2]string{"numeric(20,0)", "BIGINT UNSIGNED"}, show: plain, random: func(r *rand.Rand) string { return strconv.FormatUint(r.Uint64(), 10) }}
	money = &kind{types: [2]string{"numeric(20,4)", "DECIMAL(20,4)"}, show: plain,
		random: func(r *rand.Rand) string { return fmt.Sprintf("%d.%04d", r.Int64N(1e15)-5e14, r.IntN(1e4)) }}
	ratio = &kind{types: [2]string{"double precision", "DOUBLE"}, show: plain, parse: number,
		random: func(r *rand.Rand) string {
			return strconv.FormatFloat(float64(r.IntN(1e9)-5e8)/float64(int(1)<<r.IntN(20)), 'f', -1, 64)
		}}
	boolean = &kind{types: [2]string{"boolean", "TINYINT(1)"}, show: [2]string{"%s::int::text", "CAST(%s AS CHAR)"},
		random: func(r *rand.Rand) string { return strconv.Itoa(r.IntN(2)) }, change: truth}
	word = &kind{types: [2]string{"varchar(200)", "VARCHAR(200)"}, show: plain, random: func(r *rand.Rand) string { return phrase(r, r.IntN(30)) }}
	long = &kind{types: [2]string{"text", "LONGTEXT"}, show: plain, random: func(r *rand.Rand) string { return noise(r, 1+r.IntN(12_000)) }}
	blob = &kind{types: [2]string{"bytea", "LONGBLOB"}, show: [2]string{"encode(%s, 'hex')", "LOWER(HEX(%s))"},
		random: func(r *rand.Rand) string { return hex.EncodeToString([]byte(noise(r, r.IntN(5000)))) },
		spell:  [2]func(string) string{func(v string) string { return `'\x` + v + `'` }, func(v string) string { return "x'" + v + "'" }}}
	date = &kind{types: [2]string{"date", "DATE"}, show: [2]string{"to_char(%s, 'YYYY-MM-DD')", "DATE_FORMAT(%s, '%%Y-%%m-%%d')"},
		random: func(r *rand.Rand) string { return moment(r).Format(day) },
		change: func(v any) (string, error) { return since(v, 24*time.Hour, day) }}
	local = &kind{types: [2]string{"timestamp(6)", "DATETIME(6)"}, show: [2]string{"to_char(%s, 'YYYY-MM-DD HH24:MI:SS.US')", "DATE_FORMAT(%s, '%%Y-%%m-%%d %%H:%%i:%%s.%%f')"},
		random: func(r *rand.Rand) string { return moment(r).Format(clock) },
		change: func(v any) (string, error) { return since(v, time.Microsecond, clock) }}
	instant = &kind{types: [2]string{"timestamptz(6)", "TIMESTAMP(6) NULL"}, show: [2]string{"to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')", "DATE_FORMAT(%s, '%%Y-%%m-%%d %%H:%%i:%%s.%%f')"},
		random: func(r *rand.Rand) string { return moment(r).Format(clock) }, change: zoned}
	times = &kind{types: [2]string{"time(6)", "TIME(6)"}, show: [2]string{"to_char(date '2000-01-01' + %s, 'HH24:MI:SS.US')", "TIME_FORMAT(%s, '%%H:%%i:%%s.%%f')"},
		random: func(r *rand.Rand) string { return moment(r).Format(hours) },
		change: func(v any) (string, error) { return since(v, time.Microsecond, hours) }}
	document = &kind{types: [2]string{"jsonb", "JSON"}, show: plain, parse: normal, random: objects}

	// What columns that are added later are of.
	additions = []*kind{small, word, money}
)

var plain = [2]string{"%s::text", "CAST(%s AS CHAR)"}

// moment is one that all products have as an instant.
func moment(r *rand.Rand) time.Time {
	return time.Unix(86_400+r.Int64N(2_000_000_000), int64(r.IntN(1e6))*1000).UTC()
}

// alphabet has what has to be escaped somewhere, in all lengths of UTF-8.
var alphabet = []rune("abcXYZ 019'\"\\,;%_{}\t\näßñЖ中文🙂")

func phrase(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// noise is text that does not get shorter by compression, so that large values
// of PostgreSQL are stored out of line.
func noise(r *rand.Rand, n int) string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}

func objects(r *rand.Rand) string {
	v := map[string]any{"n": r.IntN(1000), "t": phrase(r, r.IntN(10)), "l": []any{r.IntN(2) == 0, nil, r.IntN(9)}}
	if r.IntN(2) == 0 {
		v["o"] = map[string]any{phrase(r, 3): noise(r, r.IntN(100))}
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of maps and texts it cannot be
	}
	return string(text)
}

// number spells a floating point number one way.
func number(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "no number: " + text
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// normal spells a JSON document one way.
func normal(text string) string {
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return "no JSON: " + text
	}
	out, err := json.Marshal(v)
	if err != nil {
		return "no JSON: " + text
	}
	return string(out)
}

// truth takes a boolean or the number that stands for one.
func truth(v any) (string, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return "1", nil
		}
		return "0", nil
	case json.Number:
		return v.String(), nil
	}
	return "", fmt.Errorf("%v (%T) is no boolean", v, v)
}

// since takes a number of units since 1970.
func since(v any, unit time.Duration, layout string) (string, error) {
	n, ok := v.(json.Number)
	if !ok {
		return "", fmt.Errorf("%v (%T) is no number of %v", v, v, unit)
	}
	units, err := n.Int64()
	if err != nil {
		return "", err
	}
	if unit >= time.Second {
		return time.Unix(units*int64(unit/time.Second), 0).UTC().Format(layout), nil
	}
	return time.UnixMicro(units * int64(unit/time.Microsecond)).UTC().Format(layout), nil
}

// zoned takes an instant as text.
func zoned(v any) (string, error) {
	text, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%v (%T) is no instant", v, v)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return at.UTC().Format(clock), err
}

// text is what a message's value comes to, in the words of show.
func (k *kind) text(v any) (string, error) {
	if k.change != nil {
		return k.change(v)
	}
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case json.Number:
		s = v.String()
	default:
		return "", fmt.Errorf("%v (%T) is neither text nor number", v, v)
	}
	if k.parse != nil {
		s = k.parse(s)
	}
	return s, nil
}

// literal spells a value in a statement.
func (k *kind) literal(p product, value string) string {
	if spell := k.spell[p]; spell != nil {
		return spell(value)
	}
	return quoted(p, value)
}

func quoted(p product, value string) string {
	if p == mysql {
		value = strings.ReplaceAll(value, `\`, `\\`)
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}
