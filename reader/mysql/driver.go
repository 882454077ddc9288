package mysql

import (
	"log/slog"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:    "mysql",
		Aliases: []string{"tidb"},
		Doc:     "Reads tables, views or a statement of MySQL, MariaDB or TiDB.",
		Config:  func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			cfg := defaults()
			if err := d.Decode(cfg); err != nil {
				return nil, err
			}
			return New(env, cfg)
		},
	}
}

// InfoSharded describes FlinkX's mysqld: the same reader, whose tables and
// schemas are regular expressions and are dealt to the channels as a whole.
func InfoSharded() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name: "mysqld",
		Doc: "Reads tables that are spread over several MySQL servers, schemas and names. Each entry of connection has its own account where it needs one, " +
			"and table and schema may be regular expressions. Tables are dealt to the channels; rows carry the name of their table.",
		Config: func() any { return sharded() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			cfg := sharded()
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
