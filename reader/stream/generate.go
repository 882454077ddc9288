package stream

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/record"
)

// generator appends one value. x is random and belongs to the cell, id is the
// row's number, from 1, over all splits.
type generator func(b *record.Batch, x uint64, id int64)

// kind is what a type name generates.
type kind struct {
	kind     record.Kind
	generate generator
}

// mix is the finalizer of SplitMix64: a bijection that scatters its input.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

const golden = 0x9e3779b97f4a7c15 // the increment of SplitMix64

const (
	firstSecond   = 946_684_800   // 2000-01-01
	seconds       = 1_199_232_000 // up to 2038-01-01
	secondsPerDay = 86_400
)

// kinds maps the names of column types.
var kinds = map[string]kind{
	"id":      {record.Int64, func(b *record.Batch, _ uint64, id int64) { b.Int64(id) }},
	"int":     {record.Int64, genInt32},
	"integer": {record.Int64, genInt32},
	"year":    {record.Int64, func(b *record.Batch, x uint64, _ int64) { b.Int64(1970 + int64(x%100)) }},
	"boolean": {record.Bool, func(b *record.Batch, x uint64, _ int64) { b.Bool(x&1 == 1) }},
	"bool":    {record.Bool, func(b *record.Batch, x uint64, _ int64) { b.Bool(x&1 == 1) }},
	"tinyint": {record.Int64, genInt8}, "byte": {record.Int64, genInt8},
	"short": {record.Int64, genInt16}, "smallint": {record.Int64, genInt16},
	"long": {record.Int64, genInt64}, "bigint": {record.Int64, genInt64},
	"unsigned bigint": {record.Uint64, genUint64}, "bigint unsigned": {record.Uint64, genUint64},
	"char":       {record.String, func(b *record.Batch, x uint64, _ int64) { genText(b, record.String, x, 1) }},
	"float":      {record.Float32, func(b *record.Batch, x uint64, _ int64) { b.Float32(float32(unit(x))) }},
	"double":     {record.Float64, func(b *record.Batch, x uint64, _ int64) { b.Float64(unit(x)) }},
	"bigdecimal": {record.Decimal, func(b *record.Batch, x uint64, _ int64) { genDecimal(b, x, 30, 10) }},
	"biginteger": {record.Decimal, func(b *record.Batch, x uint64, _ int64) { genDecimal(b, x, 30, 0) }},
	"date": {record.Date, func(b *record.Batch, x uint64, _ int64) {
		b.Date(firstSecond/secondsPerDay + int64(x%(seconds/secondsPerDay)))
	}},
	"datetime": {record.Datetime, func(b *record.Batch, x uint64, _ int64) {
		b.Datetime(firstSecond+int64(x%seconds), 0)
	}},
	"timestamp": {record.Timestamp, func(b *record.Batch, x uint64, _ int64) {
		b.Timestamp(firstSecond+int64(x%seconds), uint32(x>>40%1000)*1_000_000)
	}},
	"time":     {record.Time, func(b *record.Batch, x uint64, _ int64) { b.Time(int64(x%secondsPerDay) * 1_000_000_000) }},
	"interval": {record.Interval, genInterval},
	"bytes":    {record.Bytes, func(b *record.Batch, x uint64, _ int64) { genBytes(b, x) }},
	"binary":   {record.Bytes, func(b *record.Batch, x uint64, _ int64) { genBytes(b, x) }},
	"json":     {record.JSON, genJSON},
	"uuid":     {record.UUID, genUUID},
}

// generatorOf returns what a type's text generates, and the column that it has.
func generatorOf(name, text string) (record.Column, generator) {
	key := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	if k, ok := kinds[key]; ok {
		return record.Column{Name: name, Kind: k.kind, Native: text}, k.generate
	}
	if element, ok := strings.CutSuffix(key, "[]"); ok {
		return record.Column{Name: name, Kind: record.JSON, Native: text}, arrayOf(element)
	}
	if strings.HasPrefix(key, "decimal") || strings.HasPrefix(key, "numeric") {
		if t, err := convert.ParseType(key); err == nil && t.Kind == record.Decimal {
			if t.Precision == 0 {
				t.Precision, t.Scale = 18, 4
			}
			return record.Column{Name: name, Kind: record.Decimal, Native: text, Precision: t.Precision, Scale: t.Scale},
				func(b *record.Batch, x uint64, _ int64) { genDecimal(b, x, t.Precision, t.Scale) }
		}
	}
	return record.Column{Name: name, Kind: record.String, Native: text}, func(b *record.Batch, x uint64, _ int64) { genText(b, record.String, x, 16) }
}

func genInt8(b *record.Batch, x uint64, _ int64)   { b.Int64(int64(int8(x))) }
func genInt16(b *record.Batch, x uint64, _ int64)  { b.Int64(int64(int16(x))) }
func genInt32(b *record.Batch, x uint64, _ int64)  { b.Int64(int64(int32(x))) }
func genInt64(b *record.Batch, x uint64, _ int64)  { b.Int64(int64(x)) }
func genUint64(b *record.Batch, x uint64, _ int64) { b.Uint64(x) }

// unit returns a number from 0 to below 1.
func unit(x uint64) float64 { return float64(x>>40) / (1 << 24) }

const letters = "abcdefghijklmnopqrstuvwxyz234567" // 32: five bits each

func appendText(dst []byte, x uint64, n int) []byte {
	for i := range n {
		if i%12 == 0 {
			x = mix(x + golden)
		}
		dst = append(dst, letters[x&31])
		x >>= 5
	}
	return dst
}

func genText(b *record.Batch, k record.Kind, x uint64, n int) {
	b.Take(k, appendText(b.Buffer(), x, n))
}

// genDecimal appends a decimal with at most precision digits, scale of them
// after the point.
func genDecimal(b *record.Batch, x uint64, precision, scale int) {
	dst := b.Buffer()
	if x&1 == 1 {
		dst = append(dst, '-')
	}
	whole := precision - scale
	if whole <= 0 {
		dst = append(dst, '0')
	} else {
		dst = append(dst, '1'+byte(x>>8%9))
	}
	for i := 1; i < whole; i++ {
		if x = x*6364136223846793005 + 1442695040888963407; i%19 == 0 {
			x = mix(x)
		}
		dst = append(dst, '0'+byte(x>>33%10))
	}
	for i := range scale {
		if i == 0 {
			dst = append(dst, '.')
		}
		x = mix(x + golden)
		dst = append(dst, '0'+byte(x%10))
	}
	b.Take(record.Decimal, dst)
}

func genInterval(b *record.Batch, x uint64, _ int64) {
	b.Interval(int32(x%24), int32(x>>8%31), int64(x>>16%(secondsPerDay*1_000_000)))
}

func genBytes(b *record.Batch, x uint64) {
	dst := b.Buffer()
	for range 2 {
		x = mix(x + golden)
		for shift := 0; shift < 64; shift += 8 {
			dst = append(dst, byte(x>>shift))
		}
	}
	b.Take(record.Bytes, dst)
}

func genJSON(b *record.Batch, x uint64, id int64) {
	dst := append(b.Buffer(), `{"id":`...)
	dst = strconv.AppendInt(dst, id, 10)
	dst = append(dst, `,"name":"`...)
	dst = appendText(dst, x, 8)
	b.Take(record.JSON, append(dst, `"}`...))
}

const hexDigits = "0123456789abcdef"

// genUUID appends a UUID of version 4.
func genUUID(b *record.Batch, x uint64, _ int64) {
	dst := b.Buffer()
	halves := [2]uint64{mix(x+golden)&^(0xf<<12) | 4<<12, mix(mix(x)+golden)&^(3<<62) | 2<<62}
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[halves[i/16]>>(60-4*(i%16))&15])
	}
	b.Take(record.UUID, dst)
}

// arrayOf generates JSON arrays of one to five elements.
func arrayOf(element string) generator {
	return func(b *record.Batch, x uint64, _ int64) {
		dst := append(b.Buffer(), '[')
		for i := range 1 + int(x%5) {
			if i > 0 {
				dst = append(dst, ',')
			}
			x = mix(x + golden)
			dst = appendElement(dst, element, x)
		}
		b.Take(record.JSON, append(dst, ']'))
	}
}

func appendElement(dst []byte, element string, x uint64) []byte {
	switch element {
	case "int", "integer":
		return strconv.AppendInt(dst, int64(int32(x)), 10)
	case "byte", "tinyint":
		return strconv.AppendInt(dst, int64(int8(x)), 10)
	case "short", "smallint":
		return strconv.AppendInt(dst, int64(int16(x)), 10)
	case "long", "bigint":
		return strconv.AppendInt(dst, int64(x), 10)
	case "float", "double":
		return strconv.AppendFloat(dst, unit(x), 'f', -1, 64)
	case "boolean", "bool":
		return strconv.AppendBool(dst, x&1 == 1)
	}
	return append(appendText(append(dst, '"'), x, 8), '"')
}

// columns plans a schema and its generators.
func columns(list []Column, opt convert.Options) (*record.Schema, []generator, error) {
	schema := &record.Schema{Name: record.Name{Table: "stream"}, Columns: make([]record.Column, 0, len(list))}
	generators := make([]generator, 0, len(list))
	var errs []error
	for i, c := range list {
		text := c.Type
		if text == "" {
			text = "string"
		}
		col, generate := generatorOf(c.Name, text)
		if c.Value != nil {
			opt.Format = c.Format
			constant, err := constantOf(col, text, *c.Value, opt)
			errs = append(errs, config.Field(fmt.Sprintf("column[%d].value", i), err))
			generate = constant
		} else if c.Random != "" {
			opt.Format = c.Format
			random, err := randomOf(col, text, c.Random, opt)
			errs = append(errs, config.Field(fmt.Sprintf("column[%d].random", i), err))
			generate = random
		}
		schema.Columns = append(schema.Columns, col)
		generators = append(generators, generate)
	}
	schema.Data = len(schema.Columns)
	return schema, generators, errors.Join(errs...)
}

// constantOf generates always the same value, converted once.
func constantOf(col record.Column, typeText, value string, opt convert.Options) (generator, error) {
	row, err := constantRow(col, typeText, value, opt)
	if err != nil {
		return nil, fmt.Errorf("the constant of type %s: %w", typeText, err)
	}
	return func(b *record.Batch, _ uint64, _ int64) { b.Copy(row, 0) }, nil
}

// constantRow is a row of a value that is converted from text.
func constantRow(col record.Column, typeText, value string, opt convert.Options) (record.Row, error) {
	if t, err := convert.ParseType(typeText); err == nil && t.Kind == col.Kind {
		opt = t.Options(opt)
	}
	plan, err := convert.Plan(record.Column{Name: col.Name, Kind: record.String}, col, opt)
	if err != nil {
		return record.Row{}, err
	}
	from, to := record.NewBatch(1, math.MaxInt), record.NewBatch(1, math.MaxInt)
	from.Begin(record.NewSchema(record.Name{}, []record.Column{{Kind: record.String}}), record.Insert)
	from.Text(record.String, value)
	to.Begin(record.NewSchema(record.Name{}, []record.Column{col}), record.Insert)
	if err := plan(to, from.Row(0), 0); err != nil {
		return record.Row{}, err
	}
	return to.Row(0), nil
}
