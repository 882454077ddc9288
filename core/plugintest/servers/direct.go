package servers

import (
	"context"
	"fmt"
)

// This file is for a program that has a Supervisor of its own and asks it
// without the control socket, such as the benchmarks.

// Serve starts the shared server of a kind with these options and tells where
// it is. One that was started before is as it was started.
func (s *Supervisor) Serve(ctx context.Context, k Kind, opts ...Option) (Info, error) {
	var o options
	for _, set := range opts {
		set(&o)
	}
	in, err := s.provide(ctx, k, o)
	if err != nil {
		return Info{}, err
	}
	return in.info, nil
}

// Create creates a database, or a topic with that many partitions and settings
// ("key=value"), on a server that Serve has started.
func (s *Supervisor) Create(ctx context.Context, k Kind, name string, partitions int, settings ...string) error {
	in, err := s.running(k)
	if err != nil {
		return err
	}
	return in.engine.createScope(ctx, request{Name: name, Partitions: partitions, Config: settings})
}

// Drop drops what Create has created.
func (s *Supervisor) Drop(ctx context.Context, k Kind, name string) error {
	in, err := s.running(k)
	if err != nil {
		return err
	}
	return in.engine.dropScope(ctx, name)
}

func (s *Supervisor) running(k Kind) (*instance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.shared[k]
	if !ok || in.engine == nil {
		return nil, fmt.Errorf("the %s server was not started", k)
	}
	return in, nil
}

// KafkaJars is the folder with the broker's class path, in which its own
// command-line tools are too; they are fetched when they are missing.
func (s *Supervisor) KafkaJars(ctx context.Context) (string, error) { return s.kafkaJars(ctx) }
