package main

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // the exporter compresses
)

// received is how many records a destination has taken.
type received struct{ Records int64 }

// sink is a destination in its own process. It ends with its input.
func sink(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("a sink has one argument, otlp or kafka, not %q", arguments)
	}
	switch arguments[0] {
	case "otlp":
		return sinkOTLP()
	case "kafka":
		return sinkKafka()
	default:
		return fmt.Errorf("there is no sink %q", arguments[0])
	}
}

// otlpServer counts records.
type otlpServer struct {
	plogotlp.UnimplementedGRPCServer

	records atomic.Int64
}

func (s *otlpServer) Export(_ context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	s.records.Add(int64(request.Logs().LogRecordCount()))
	return plogotlp.NewExportResponse(), nil
}

func sinkOTLP() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	const mostBytes = 64 << 20
	s, server := new(otlpServer), grpc.NewServer(grpc.MaxRecvMsgSize(mostBytes))
	plogotlp.RegisterGRPCServer(server, s)
	go func() { _ = server.Serve(listener) }() // until it is stopped
	defer server.Stop()
	return untilEnd(greeting{Endpoint: "http://" + listener.Addr().String()}, func() any { return received{s.records.Load()} })
}

// kafkaTopic is the topic of config/kafka.yaml.
const kafkaTopic = "total-events"

func sinkKafka() error {
	const partitions = 3
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, kafkaTopic))
	if err != nil {
		return err
	}
	defer cluster.Close()
	var records atomic.Int64
	cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if produce, ok := request.(*kmsg.ProduceRequest); ok {
			records.Add(recordsIn(produce))
		}
		return nil, nil, false // the cluster answers
	})
	return untilEnd(greeting{Endpoint: cluster.ListenAddrs()[0]}, func() any { return received{records.Load()} })
}

// recordsIn counts the records of a request.
func recordsIn(request *kmsg.ProduceRequest) (records int64) {
	for _, topic := range request.Topics {
		for _, partition := range topic.Partitions {
			var batch kmsg.RecordBatch
			if batch.ReadFrom(partition.Records) == nil {
				records += int64(batch.NumRecords)
			}
		}
	}
	return records
}
