package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"
)

// clickHouseRevision is the native protocol's version that the server speaks: one before the parts of it that no insert
// needs.
const clickHouseRevision = 54453

// clickHouseColumns are the columns of the exporter's table, in the order in which it names them.
func clickHouseColumns() clickHouseTable {
	low := func() proto.ColResult { return new(proto.ColStr).LowCardinality() }
	attributes := func() proto.ColResult {
		return proto.NewMap(new(proto.ColStr).LowCardinality(), proto.ColumnOf[string](new(proto.ColStr)))
	}
	return clickHouseTable{
		{Name: "Timestamp", Data: new(proto.ColDateTime64).WithPrecision(proto.PrecisionNano)},
		{Name: "TraceId", Data: new(proto.ColStr)},
		{Name: "SpanId", Data: new(proto.ColStr)},
		{Name: "TraceFlags", Data: new(proto.ColUInt8)},
		{Name: "SeverityText", Data: low()},
		{Name: "SeverityNumber", Data: new(proto.ColUInt8)},
		{Name: "ServiceName", Data: low()},
		{Name: "Body", Data: new(proto.ColStr)},
		{Name: "ResourceSchemaUrl", Data: low()},
		{Name: "ResourceAttributes", Data: attributes()},
		{Name: "ScopeSchemaUrl", Data: low()},
		{Name: "ScopeName", Data: new(proto.ColStr)},
		{Name: "ScopeVersion", Data: low()},
		{Name: "ScopeAttributes", Data: attributes()},
		{Name: "LogAttributes", Data: attributes()},
		{Name: "EventName", Data: new(proto.ColStr)},
	}
}

// clickHouseTable are columns of a table.
type clickHouseTable proto.Results

func (t clickHouseTable) names() (names []string) {
	for _, c := range t {
		names = append(names, c.Name)
	}
	return names
}

// named are those that an insert lists.
func (t clickHouseTable) named(insert string) (some clickHouseTable) {
	_, list, _ := strings.Cut(insert, "(")
	list, _, _ = strings.Cut(list, ")")
	listed := map[string]bool{}
	for name := range strings.SplitSeq(list, ",") {
		listed[strings.Trim(name, " \n`")] = true
	}
	for _, c := range t {
		if listed[c.Name] {
			some = append(some, c)
		}
	}
	return some
}

// texts are the values of a column; nil where the insert does not list it.
func (t clickHouseTable) texts(name string) (values []string) {
	for _, c := range t {
		if column, ok := c.Data.(*proto.ColStr); ok && c.Name == name {
			for i := range column.Rows() {
				values = append(values, column.Row(i))
			}
		}
	}
	return values
}

// clickHouseAnswer is what the server does with an insert of these events.
type clickHouseAnswer struct {
	keeps     bool
	exception *proto.Exception
	hangsUp   bool // ends the connection in the place of an answer
}

// clickHouse is a server of ClickHouse's native protocol with one table.
type clickHouse struct {
	t       *testing.T
	address string

	mu      sync.Mutex // guards what follows
	judge   func(insert int, events []totalEvent) clickHouseAnswer
	inserts int
	events  []totalEvent
	names   map[string]bool // of events, as the column EventName has them
}

var clickHouseKeeps = clickHouseAnswer{keeps: true}

// clickHouseFails is an answer that inserts nothing.
func clickHouseFails(code proto.Error, message string) clickHouseAnswer {
	return clickHouseAnswer{exception: &proto.Exception{Code: code, Name: "DB::Exception", Message: message}}
}

// listenAt listens at an address; port 0 is a free one.
func listenAt(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	return listener
}

// startClickHouse judges each insert, which are counted from 1.
func startClickHouse(t *testing.T, listener net.Listener, judge func(insert int, events []totalEvent) clickHouseAnswer) *clickHouse {
	t.Helper()
	s := &clickHouse{t: t, address: listener.Addr().String(), judge: judge, names: map[string]bool{}}
	var open sync.Map
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			open.Store(connection, nil)
			serving.Go(func() {
				defer func() { _ = connection.Close() }() // the test may have done so
				if err := s.serve(connection); err != nil && !errors.Is(err, io.EOF) {
					t.Logf("a connection to ClickHouse ends: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		open.Range(func(connection, _ any) bool {
			_ = connection.(net.Conn).Close() // it may have ended
			return true
		})
		serving.Wait()
	})
	return s
}

// judged changes how inserts are judged.
func (s *clickHouse) judged(judge func(insert int, events []totalEvent) clickHouseAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge = judge
}

// received returns what was inserted, in order, and how many inserts there were.
func (s *clickHouse) received() (events []totalEvent, inserts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]totalEvent(nil), s.events...), s.inserts
}

// clickHouseSession is one connection.
type clickHouseSession struct {
	server   *clickHouse
	conn     net.Conn
	reader   *proto.Reader
	compress *compress.Writer
}

func (s *clickHouse) serve(conn net.Conn) error {
	c := &clickHouseSession{server: s, conn: conn, reader: proto.NewReader(conn), compress: compress.NewWriter(compress.LevelZero, compress.LZ4)}
	code, err := c.reader.UVarInt()
	if err != nil {
		return err
	}
	var hello proto.ClientHello
	if proto.ClientCode(code) != proto.ClientCodeHello {
		return errors.New("the client says no hello")
	}
	if err := hello.Decode(c.reader); err != nil {
		return err
	}
	var b proto.Buffer
	(&proto.ServerHello{Name: "ClickHouse", Major: 25, Minor: 8, Revision: clickHouseRevision, Timezone: "UTC", DisplayName: "e2e"}).
		EncodeAware(&b, clickHouseRevision)
	if hello.Password != "s3cret" {
		b.Reset()
		c.except(&b, &proto.Exception{Code: proto.ErrAuthenticationFailed, Name: "DB::Exception", Message: "Authentication failed"})
		_, err := conn.Write(b.Buf)
		return errors.Join(err, io.EOF)
	}
	if _, err := conn.Write(b.Buf); err != nil {
		return err
	}
	for {
		code, err := c.reader.UVarInt()
		if err != nil {
			return err
		}
		switch proto.ClientCode(code) {
		case proto.ClientCodePing:
			_, err = conn.Write([]byte{byte(proto.ServerCodePong)})
		case proto.ClientCodeQuery:
			err = c.query()
		default:
			err = errors.New("the client sends what no insert needs")
		}
		if err != nil {
			return err
		}
	}
}

func (c *clickHouseSession) query() error {
	var q proto.Query
	if err := q.DecodeAware(c.reader, clickHouseRevision); err != nil {
		return err
	}
	compressed := q.Compression == proto.CompressionEnabled
	if _, err := c.block(compressed, nil); err != nil { // that of the external tables, of which there are none
		return err
	}
	columns := clickHouseColumns()
	var b proto.Buffer
	switch {
	case strings.HasPrefix(q.Body, "INSERT INTO"):
		return c.insert(compressed, columns.named(q.Body))
	case strings.HasPrefix(q.Body, "DESC TABLE"):
		names := columns.names()
		described := new(proto.ColStr)
		described.AppendArr(names)
		input := []proto.InputColumn{{Name: "name", Data: described}}
		for _, name := range []string{"type", "default_type", "default_expression", "comment", "codec_expression", "ttl_expression"} {
			empty := new(proto.ColStr)
			empty.AppendArr(make([]string, len(names)))
			input = append(input, proto.InputColumn{Name: name, Data: empty})
		}
		if err := c.data(&b, compressed, len(names), input); err != nil {
			return err
		}
		proto.ServerCodeEndOfStream.Encode(&b)
	default:
		c.except(&b, &proto.Exception{Code: proto.ErrSyntaxError, Name: "DB::Exception", Message: "only inserts: " + q.Body})
	}
	_, err := c.conn.Write(b.Buf)
	return err
}

// insert shows the client the table, reads its blocks, and answers.
func (c *clickHouseSession) insert(compressed bool, columns clickHouseTable) error {
	var sample []proto.InputColumn
	for _, column := range columns {
		sample = append(sample, proto.InputColumn{Name: column.Name, Data: column.Data.(proto.ColInput)})
	}
	var b proto.Buffer
	if err := c.data(&b, compressed, 0, sample); err != nil {
		return err
	}
	if _, err := c.conn.Write(b.Buf); err != nil {
		return err
	}
	var events []totalEvent
	var names []string
	for {
		code, err := c.reader.UVarInt()
		if err != nil {
			return err
		}
		if proto.ClientCode(code) != proto.ClientCodeData {
			return errors.New("the client sends no block")
		}
		block, err := c.block(compressed, columns)
		if err != nil {
			return err
		}
		if block.End() {
			break
		}
		for _, body := range columns.texts("Body") {
			event := totalEvent{line: body}
			if err := json.Unmarshal([]byte(body), &event); err != nil {
				return err
			}
			events = append(events, event)
		}
		names = append(names, columns.texts("EventName")...)
	}
	answer := c.server.insert(events, names)
	if answer.hangsUp {
		return io.EOF
	}
	b.Reset()
	if answer.exception != nil {
		c.except(&b, answer.exception)
	} else {
		proto.ServerCodeEndOfStream.Encode(&b)
	}
	_, err := c.conn.Write(b.Buf)
	return err
}

func (s *clickHouse) insert(events []totalEvent, names []string) clickHouseAnswer {
	if len(events) == 0 {
		return clickHouseKeeps // an insert that the client gave up
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inserts++
	answer := s.judge(s.inserts, events)
	if answer.keeps {
		s.events = append(s.events, events...)
		for _, name := range names {
			s.names[name] = true
		}
	}
	return answer
}

// block reads a block after its packet's code.
func (c *clickHouseSession) block(compressed bool, columns clickHouseTable) (proto.Block, error) {
	var block proto.Block
	if columns == nil {
		if _, err := c.reader.UVarInt(); err != nil { // the code
			return block, err
		}
	}
	var data proto.ClientData
	if err := data.DecodeAware(c.reader, clickHouseRevision); err != nil {
		return block, err
	}
	if compressed {
		c.reader.EnableCompression()
		defer c.reader.DisableCompression()
	}
	if columns == nil {
		return block, block.DecodeBlock(c.reader, clickHouseRevision, nil)
	}
	for _, column := range columns {
		column.Data.Reset()
	}
	return block, block.DecodeBlock(c.reader, clickHouseRevision, proto.Results(columns))
}

// data writes a block to the client.
func (c *clickHouseSession) data(b *proto.Buffer, compressed bool, rows int, columns []proto.InputColumn) error {
	proto.ServerCodeData.Encode(b)
	b.PutString("") // the name of a temporary table
	var block proto.Buffer
	if err := (proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(columns), Rows: rows}).EncodeBlock(&block, clickHouseRevision, columns); err != nil {
		return err
	}
	if !compressed {
		b.PutRaw(block.Buf)
		return nil
	}
	if err := c.compress.Compress(block.Buf); err != nil {
		return err
	}
	b.PutRaw(c.compress.Data)
	return nil
}

func (c *clickHouseSession) except(b *proto.Buffer, e *proto.Exception) {
	proto.ServerCodeException.Encode(b)
	e.EncodeAware(b, clickHouseRevision)
}
