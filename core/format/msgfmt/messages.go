package msgfmt

import (
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/avrofmt"
	"github.com/datasync-io/datasync/core/format/canalfmt"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/cloudeventsfmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/flinkxfmt"
	"github.com/datasync-io/datasync/core/format/jsonschemafmt"
	"github.com/datasync-io/datasync/core/format/maxwellfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/record"
)

// Settings are what a format is made of.
type Settings struct {
	Format   string
	Config   Config
	Zone     *time.Location   // of wall clocks that stand for instants (flinkx, canal-json, maxwell-json); nil: UTC
	Registry *registry.Client // of avro and json-schema; the caller's

	// Of encoders.
	Names   []string        // flinkx, json: of the first columns of a row that is no change
	Changes bool            // flinkx: rows are changes, also inserted ones that have no metadata
	Shape   flinkxfmt.Shape // flinkx, of changes
	Worker  int             // flinkx: tells encoders of one job apart

	// Of decoders.
	Columns []record.Column // debezium-json, cloudevents, and binary ones of maxwell-json and flinkx: what these messages do not say themselves
	Key     []string        // json: the key columns
	Meta    []string        // metadata columns that rows are to have
}

// NewEncoder returns the encoder of a format.
func NewEncoder(s Settings) (changefmt.Encoder, error) {
	flat := s.Config.Envelope == "none"
	switch s.Format {
	case FlinkX:
		return newFlinkX(s), nil
	case JSON:
		return newPlain(s), nil
	case Canal:
		return canalfmt.NewEncoder(canalfmt.Options{Zone: s.Zone}), nil
	case Debezium:
		return debeziumfmt.NewEncoder(s.Config.debezium()), nil
	case Maxwell:
		return maxwellfmt.NewEncoder(maxwellfmt.Options{Zone: s.Zone, DecimalTexts: s.Config.Decimals == debeziumfmt.DecimalString}), nil
	case CloudEvent:
		return cloudeventsfmt.NewEncoder(cloudeventsfmt.Options{Options: s.Config.debezium(), Binary: s.Config.Mode == "binary"}), nil
	case Avro:
		return avrofmt.NewEncoder(avrofmt.Options{Options: s.Config.debezium(), Flat: flat}, s.Registry), nil
	case JSONSchema:
		return jsonschemafmt.NewEncoder(jsonschemafmt.Options{Options: s.Config.debezium(), Flat: flat}, s.Registry), nil
	}
	return nil, unknown(s.Format)
}

// NewDecoder returns the decoder of a format.
func NewDecoder(s Settings) (changefmt.Decoder, error) {
	if NeedsRegistry(s.Format) && s.Registry == nil {
		return nil, errclass.With(errclass.Config, errors.New("format "+s.Format+" needs schemaRegistry.url: the address of the schema registry"))
	}
	flat := s.Config.Envelope == "none"
	switch s.Format {
	case FlinkX:
		return flinkxfmt.NewDecoder(s.Meta, s.Columns...), nil
	case JSON:
		return newPlainDecoder(s.Key, s.Meta), nil
	case Canal:
		return canalfmt.NewDecoder(canalfmt.Options{Zone: s.Zone}, s.Meta), nil
	case Debezium:
		return debeziumfmt.NewDecoder(s.Config.debezium(), s.Columns, s.Meta), nil
	case Maxwell:
		return maxwellfmt.NewDecoder(s.Meta, s.Columns...), nil
	case CloudEvent:
		return cloudeventsfmt.NewDecoder(cloudeventsfmt.Options{Options: s.Config.debezium()}, s.Columns, s.Meta), nil
	case Avro:
		return avrofmt.NewDecoder(avrofmt.Options{Options: s.Config.debezium(), Flat: flat}, s.Registry, s.Meta), nil
	case JSONSchema:
		return jsonschemafmt.NewDecoder(jsonschemafmt.Options{Options: s.Config.debezium(), Flat: flat}, s.Registry, s.Meta), nil
	}
	return nil, unknown(s.Format)
}

func unknown(format string) error {
	return errclass.With(errclass.Config, fmt.Errorf("unknown format %q", format))
}
