package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// mysqlUsers is run once by mysqld --initialize-insecure; one statement a line.
func mysqlUsers() string {
	return fmt.Sprintf(`CREATE USER '%s'@'%%' IDENTIFIED WITH mysql_native_password BY '%s';
GRANT ALL ON *.* TO '%[1]s'@'%%' WITH GRANT OPTION;
CREATE USER '%[3]s'@'%%' IDENTIFIED WITH mysql_native_password BY '%[4]s';
GRANT ALL ON *.* TO '%[3]s'@'%%';
CREATE USER '%[5]s'@'%%' IDENTIFIED WITH caching_sha2_password BY '%[6]s';
GRANT ALL ON *.* TO '%[5]s'@'%%';
`, RootUser, RootPassword, NativeUser, NativePassword, SHA2User, SHA2Password)
}

func newMySQLEngine(s *Supervisor, dir string, o options) engine {
	e := &sqlEngine{s: s, name: "mysqld", dir: dir, opts: o}
	e.setup = func(ctx context.Context) (build, error) {
		template, err := s.mysqlTemplate(ctx)
		if err != nil {
			return build{}, err
		}
		home, err := s.mysqlHome(ctx)
		if err != nil {
			return build{}, err
		}
		env, err := s.mysqlEnv(home)
		if err != nil {
			return build{}, err
		}
		return build{
			path: mysqld(home), env: env, template: template,
			args:  append(mysqlBase(home), "--mysqlx=OFF", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"),
			bench: []string{"--innodb-redo-log-capacity=1G"},
		}, nil
	}
	return e
}

func mysqld(home string) string { return filepath.Join(home, "bin", "mysqld") }

func mysqlBase(home string) []string {
	return []string{"--no-defaults", "--basedir=" + home, "--lc-messages-dir=" + filepath.Join(home, "share")}
}

// mysqlTemplate gives an initialised data folder with the accounts of users.go.
func (s *Supervisor) mysqlTemplate(ctx context.Context) (string, error) {
	home, err := s.mysqlHome(ctx)
	if err != nil {
		return "", err
	}
	return s.cache.entry(ctx, mysqlEntry+"-data-"+fingerprint(mysqlUsers(), "1"), func(dir string) error {
		s.log.Info("initialising mysql")
		env, err := s.mysqlEnv(home)
		if err != nil {
			return err
		}
		err = s.initialise(ctx, dir, mysqlUsers(), func(users string) program {
			return program{
				name: "mysqld --initialize-insecure", path: mysqld(home), env: env,
				args: append(mysqlBase(home), "--datadir="+dir, "--initialize-insecure", "--init-file="+users,
					"--skip-log-bin", "--innodb-use-native-aio=OFF", "--innodb-redo-log-capacity=16M"),
			}
		})
		if err != nil {
			return err
		}
		// The server's identity: each copy makes its own.
		if err := os.Remove(filepath.Join(dir, "auto.cnf")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	})
}

// mysqlEnv makes the server find its libraries: those it brings along and, on
// systems that renamed it, libaio under its old name.
func (s *Supervisor) mysqlEnv(home string) ([]string, error) {
	path := filepath.Join(home, "lib", "private")
	if findLibrary("libaio.so.1") == "" {
		if renamed := findLibrary("libaio.so.1t64"); renamed != "" {
			dir, err := s.folder("lib")
			if err != nil {
				return nil, err
			}
			if err := os.Symlink(renamed, filepath.Join(dir, "libaio.so.1")); err != nil {
				return nil, err
			}
			path += ":" + dir
		}
	}
	return append(os.Environ(), "LD_LIBRARY_PATH="+path), nil
}
