package servers

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// template makes sure that the initialised data of a kind is in the cache.
func (s *Supervisor) template(ctx context.Context, k Kind) (err error) {
	switch k {
	case KindMySQL:
		_, err = s.mysqlTemplate(ctx)
	case KindMariaDB:
		_, err = s.mariadbTemplate(ctx)
	case KindPostgreSQL:
		_, err = s.postgresqlTemplate(ctx)
	case KindKafka:
		_, err = s.kafkaTemplate(ctx)
	default:
		err = fmt.Errorf("unknown server %q, expected one of %v", k, Kinds())
	}
	return err
}

// fingerprint tells initialised data apart that was made in different ways.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return fmt.Sprintf("%x", sum[:4])
}

// copyTree copies the folder from to the new folder to and gives all of it to as.
func copyTree(to, from string, as *owner) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			err = os.Mkdir(target, 0o755)
		case d.Type().IsRegular():
			err = copyFile(target, path)
		default:
			return nil // sockets and the like
		}
		if err != nil {
			return err
		}
		return give(target, as)
	})
}

func copyFile(to, from string) (err error) {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	st, err := r.Stat()
	if err != nil {
		return err
	}
	w, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, st.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	_, err = io.Copy(w, r)
	return err
}

// give makes as the owner of path.
func give(path string, as *owner) error {
	if as == nil {
		return nil
	}
	return os.Chown(path, as.uid, as.gid)
}
