package postgresql

import (
	"log/slog"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:    "postgresql",
		Aliases: []string{"postgres", "adbpostgresql", "greenplum"},
		Doc:     "Reads tables, views or a statement of PostgreSQL, or of a system that speaks its protocol.",
		Config:  func() any { return &Config{} },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			cfg := &Config{}
			if err := d.Decode(cfg); err != nil {
				return nil, err
			}
			return New(env, cfg)
		},
	}
}

// New returns a reader; it dials nothing. cfg has been validated.
func New(env plugin.Env, cfg *Config) (plugin.Reader, error) {
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	d, err := cfg.driver(env.Log)
	if err != nil {
		return nil, err
	}
	return sqlread.New(env, &cfg.ReaderConfig, d)
}
