package pgwal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// spool keeps the changes of transactions that have not ended yet in files, one
// each, in the order in which they have come, and gives them back when one has
// been committed. Changes of a subtransaction that was rolled back are left out
// then. It holds a block's and a record's memory, and per transaction the
// numbers of its subtransactions that were rolled back, as intervals.
//
// A record is the length of a message, the number of the (sub)transaction and the
// place in the log, in big endian order, then the message: its kind and its body.
// Nothing outlives the stream: a new one is sent all of it again.
type spool struct {
	folder string
	kept   map[uint32]*spooled // by the number of the transaction

	block *spooled // of which changes come now; nil: none
	file  *os.File // that the block is written to; nil: nothing of it was written
	w     *bufio.Writer

	back   *spooled // that is given back; nil: none
	source *os.File // nil: it has no changes
	r      *bufio.Reader
	body   []byte // of the record given back last
}

// spooled is a transaction that has not ended yet.
type spooled struct {
	id     uint32
	undone xids // subtransactions that were rolled back
}

// How much is written and read at once, and the size above which the memory of a
// record is not kept for the next.
const (
	spoolWrite  = 64 << 10
	spoolRead   = 256 << 10
	spoolMemory = 1 << 20
)

const spoolHeader = 4 + 4 + 8

// newSpool returns a spool in a folder of its own: what a process has left there
// that was killed is removed.
func newSpool(folder string) (*spool, error) {
	s := &spool{folder: folder, kept: map[uint32]*spooled{}}
	if err := os.RemoveAll(folder); err != nil {
		return nil, fmt.Errorf("removing what an earlier run has left of transactions: %w", err)
	}
	return s, nil
}

// close removes everything.
func (s *spool) close() error {
	var errs []error
	for _, f := range []*os.File{s.file, s.source} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	s.file, s.source = nil, nil
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}

func (s *spool) path(t *spooled) string {
	return filepath.Join(s.folder, strconv.FormatUint(uint64(t.id), 10))
}

// begin says that changes of a transaction follow.
func (s *spool) begin(id uint32) error {
	if s.block != nil {
		return errclass.With(errclass.Permanent, fmt.Errorf("the log has changes of transaction %d within those of %d", id, s.block.id))
	}
	if s.block = s.kept[id]; s.block == nil {
		s.block = &spooled{id: id}
		s.kept[id] = s.block
	}
	return nil
}

// put keeps a change of the block, by a (sub)transaction.
func (s *spool) put(sub uint32, kind byte, at pgkit.LSN, body []byte) error {
	if s.file == nil {
		if err := s.openBlock(); err != nil {
			return s.failed(s.block, err)
		}
	}
	be := binary.BigEndian
	head := s.w.AvailableBuffer()
	head = be.AppendUint32(head, uint32(1+len(body))) //nolint:gosec // a message has a length of 32 bits
	head = be.AppendUint32(head, sub)
	head = be.AppendUint64(head, uint64(at))
	head = append(head, kind)
	_, err := s.w.Write(head)
	if err == nil {
		_, err = s.w.Write(body)
	}
	if err != nil {
		return s.failed(s.block, err)
	}
	return nil
}

func (s *spool) openBlock() (err error) {
	if err = os.MkdirAll(s.folder, 0o700); err != nil {
		return err
	}
	if s.file, err = os.OpenFile(s.path(s.block), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return err
	}
	if s.w == nil {
		s.w = bufio.NewWriterSize(nil, spoolWrite)
	}
	s.w.Reset(s.file)
	return nil
}

// end says that the block's changes have come.
func (s *spool) end() error {
	t := s.block
	if s.block = nil; s.file == nil {
		return nil
	}
	err := errors.Join(s.w.Flush(), s.file.Close())
	if s.file = nil; err != nil {
		return s.failed(t, err)
	}
	return nil
}

// undo forgets a subtransaction that was rolled back, or all of a transaction.
func (s *spool) undo(id, sub uint32) error {
	t := s.kept[id]
	switch {
	case t == nil: // of which nothing has come
		return nil
	case id != sub:
		t.undone.add(sub)
		return nil
	}
	return s.remove(t)
}

func (s *spool) remove(t *spooled) error {
	delete(s.kept, t.id)
	if err := os.Remove(s.path(t)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.failed(t, err)
	}
	return nil
}

// giveBack has next return the changes of a transaction.
func (s *spool) giveBack(id uint32) error {
	t := s.kept[id]
	if t == nil {
		return errclass.With(errclass.Permanent, fmt.Errorf("the log has the end of transaction %d, whose changes have not come", id))
	}
	f, err := os.Open(s.path(t))
	switch {
	case errors.Is(err, fs.ErrNotExist): // it has none
	case err != nil:
		return s.failed(t, err)
	default:
		if s.r == nil {
			s.r = bufio.NewReaderSize(nil, spoolRead)
		}
		s.r.Reset(f)
		s.source = f
	}
	s.back = t
	return nil
}

// next returns the next change of the transaction that is given back, as if it
// had come when that has ended, borrowed until the next; false after the last
// one, when nothing is left of the transaction.
func (s *spool) next() (c pgkit.LogMessage, more bool, err error) {
	for s.source != nil {
		head, err := s.r.Peek(spoolHeader)
		if errors.Is(err, io.EOF) && len(head) == 0 {
			break
		}
		if err != nil {
			return c, false, s.failed(s.back, short(err))
		}
		be := binary.BigEndian
		n, sub := int(be.Uint32(head)), be.Uint32(head[4:])
		c.At = pgkit.LSN(be.Uint64(head[8:]))
		if s.back.undone.has(sub) {
			if _, err := s.r.Discard(spoolHeader + n); err != nil {
				return c, false, s.failed(s.back, short(err))
			}
			continue
		}
		if cap(s.body) < n || cap(s.body) > spoolMemory && n < spoolMemory {
			s.body = make([]byte, n)
		}
		c.Data = s.body[:n]
		if _, err = s.r.Discard(spoolHeader); err == nil {
			_, err = io.ReadFull(s.r, c.Data)
		}
		if err != nil {
			return c, false, s.failed(s.back, short(err))
		}
		return c, true, nil
	}
	t := s.back
	if s.back = nil; s.source != nil {
		err = s.source.Close()
		s.source = nil
	}
	return c, false, errors.Join(err, s.remove(t))
}

// short tells the end of a file within a record from the end of a stream.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// failed is the error of a file, with the way on where the disk is full.
func (s *spool) failed(t *spooled, err error) error {
	way := ""
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		way = "; make room there, name another folder for saved state, or leave streaming out, so that the server keeps transactions until they end"
	}
	return errclass.With(errclass.Permanent, fmt.Errorf("keeping transaction %d, which has not ended, in the state folder: %w%s", t.id, err, way))
}
