package sqlservercdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Probe implements [plugin.Prober]: all that is missing at the server, with
// what to do about it.
func (r *reader) Probe(ctx context.Context) error {
	return r.with(ctx, func(srv *server) error {
		list, err := srv.instances(ctx)
		if err != nil {
			return err
		}
		names, of := newCatalog(r.config, r.settings.Database, nil, r.log).wanted(list)
		errs := captured(ctx, srv, r.config, names)
		for _, name := range names {
			for _, in := range of[name] {
				errs = append(errs, readable(ctx, srv, in, r.settings.User))
			}
		}
		if r.config.Start.Mode == modeInitial {
			errs = append(errs, copyable(ctx, srv))
		}
		agent, err := srv.agent(ctx)
		if err == nil && agent != "" && agent != agentRuns {
			err = errclass.With(errclass.Config, fmt.Errorf("SQL Server Agent is %s: nothing is captured until it is started", strings.ToLower(agent)))
		}
		return errors.Join(append(errs, err)...)
	})
}

// captured finds the tables of the job that are not captured.
func captured(ctx context.Context, srv *server, c *Config, names []record.Name) (errs []error) {
	if len(c.tables) == 0 && len(names) == 0 {
		return []error{errclass.With(errclass.Config, errors.New("no table of the database is captured: EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'...', @role_name = NULL, for each"))}
	}
	for _, t := range c.tables {
		if slices.ContainsFunc(names, func(n record.Name) bool { return sameName(n, t) }) {
			continue
		}
		there, err := srv.Table(ctx, t)
		if err != nil {
			if !errors.Is(err, sqlkit.ErrNoTable) {
				return append(errs, err)
			}
			errs = append(errs, err)
			continue
		}
		errs = append(errs, errclass.With(errclass.Config, fmt.Errorf("table %s is not captured, or the user may not see that it is: EXEC sys.sp_cdc_enable_table @source_schema = %s, @source_name = %s, @role_name = NULL",
			t, mssqlkit.Dialect.Text(there.Name.Schema), mssqlkit.Dialect.Text(there.Name.Table))))
	}
	return errs
}

func sqlReadable(instance string) string {
	function := "[cdc]." + mssqlkit.Dialect.Quote("fn_cdc_get_all_changes_"+instance)
	return "SELECT HAS_PERMS_BY_NAME(" + mssqlkit.Dialect.Text(function) + ", N'OBJECT', N'SELECT')"
}

// readable finds that the user may not read an instance.
func readable(ctx context.Context, srv *server, in instance, user string) error {
	row, err := srv.First(ctx, sqlReadable(in.name))
	switch {
	case err != nil:
		return fmt.Errorf("asking who may read capture instance %s: %w", in.name, err)
	case text(row, 0) != "0":
		return nil
	case in.role != "":
		return errclass.With(errclass.Config, fmt.Errorf("user %s may not read capture instance %s of table %s.%s: ALTER ROLE %s ADD MEMBER %s",
			user, in.name, in.schema, in.table, mssqlkit.Dialect.Quote(in.role), mssqlkit.Dialect.Quote(user)))
	}
	return errclass.With(errclass.Config, fmt.Errorf("user %s may not read capture instance %s of table %s.%s: GRANT SELECT ON SCHEMA::cdc TO %s",
		user, in.name, in.schema, in.table, mssqlkit.Dialect.Quote(user)))
}

// copyable finds that the user may not see, or the server does not say, what
// copying rows before their changes needs to know.
func copyable(ctx context.Context, srv *server) error {
	if _, err := srv.logEnd(ctx); err != nil {
		return err
	}
	if _, err := srv.scans(ctx); err != nil {
		return err
	}
	_, err := srv.committing(ctx)
	return err
}
