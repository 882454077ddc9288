package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
)

// ReaderInfo describes a reader plugin.
type ReaderInfo struct {
	Name    string     // "mysql"; job files may say mysqlreader or mysqlsource
	Aliases []string   // other names of the same plugin
	Doc     string     // one line
	Config  func() any // a pointer to a config struct that holds the defaults
	// New builds the plugin from its parameters; it never dials. Errors are of
	// class Config.
	New     func(env Env, d *config.Decoder) (Reader, error)
	Signals *SignalInfo // of a reader that obeys signals; nil: it does not
}

// WriterInfo describes a writer plugin; see [ReaderInfo].
type WriterInfo struct {
	Name    string
	Aliases []string
	Doc     string
	Config  func() any
	New     func(env Env, d *config.Decoder) (Writer, error)
}

// Registry is the plugins that a binary knows. Once filled it may be used by
// several goroutines.
type Registry struct {
	readers map[string]*ReaderInfo
	writers map[string]*WriterInfo
}

// NewRegistry returns a registry of these plugins; a name that is taken is an error.
func NewRegistry(readers []ReaderInfo, writers []WriterInfo) (*Registry, error) {
	r := &Registry{readers: map[string]*ReaderInfo{}, writers: map[string]*WriterInfo{}}
	for i := range readers {
		for _, name := range append([]string{readers[i].Name}, readers[i].Aliases...) {
			if r.readers[name] != nil {
				return nil, fmt.Errorf("reader %q is registered twice", name)
			}
			r.readers[name] = &readers[i]
		}
	}
	for i := range writers {
		for _, name := range append([]string{writers[i].Name}, writers[i].Aliases...) {
			if r.writers[name] != nil {
				return nil, fmt.Errorf("writer %q is registered twice", name)
			}
			r.writers[name] = &writers[i]
		}
	}
	return r, nil
}

// Reader finds the reader that a job file names: mysql, mysqlreader or mysqlsource.
func (r *Registry) Reader(name string) (*ReaderInfo, error) {
	if info := r.readers[connector(name, "reader", "source")]; info != nil {
		return info, nil
	}
	return nil, errclass.With(errclass.Config, fmt.Errorf("unknown reader %q: this binary has %s", name, list(r.readers, "reader")))
}

// Writer finds the writer that a job file names: kafka, kafkawriter or kafkasink.
func (r *Registry) Writer(name string) (*WriterInfo, error) {
	if info := r.writers[connector(name, "writer", "sink")]; info != nil {
		return info, nil
	}
	return nil, errclass.With(errclass.Config, fmt.Errorf("unknown writer %q: this binary has %s", name, list(r.writers, "writer")))
}

// Readers returns the readers by name.
func (r *Registry) Readers() []*ReaderInfo {
	return distinct(r.readers, func(i *ReaderInfo) string { return i.Name })
}

// Writers returns the writers by name.
func (r *Registry) Writers() []*WriterInfo {
	return distinct(r.writers, func(i *WriterInfo) string { return i.Name })
}

func connector(name string, suffixes ...string) string {
	for _, s := range suffixes {
		if cut, ok := strings.CutSuffix(name, s); ok && cut != "" {
			return cut
		}
	}
	return name
}

func distinct[T any](m map[string]*T, name func(*T) string) []*T {
	var all []*T
	for key, info := range m {
		if key == name(info) {
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b *T) int { return strings.Compare(name(a), name(b)) })
	return all
}

func list[T any](m map[string]*T, suffix string) string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name+suffix)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
