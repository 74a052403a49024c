#include "backend/question_pool.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace exitgate {

std::size_t QuestionPool::count(State state) const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [&](const auto& entry) { return entry.second.state == state; }));
}

PoolCommands QuestionPool::start(MonoTime now) {
  PoolCommands out;
  balance(now, out);
  return out;
}

PoolCommands QuestionPool::ask(std::uint64_t ticket, MonoTime now) {
  PoolCommands out;
  if (questions_.size() >= limits_.questions_max) {
    out.push_back(FailQuestion{
        ticket,
        {NoAnswerCause::kTransport, std::to_string(questions_.size()) + " questions are unanswered; not asked"}});
    return out;
  }
  EXITGATE_CHECK(questions_.emplace(ticket, Question{now + limits_.give_up_after}).second);
  // The youngest idle connection is the least likely to have been closed by the other end meanwhile.
  auto best = connections_.end();
  for (auto it = connections_.begin(); it != connections_.end(); ++it) {
    if (it->second.state != State::kIdle) continue;
    if (best == connections_.end() || it->second.idle_since >= best->second.idle_since) best = it;
  }
  if (best != connections_.end()) {
    assign(best->first, best->second, ticket, true, out);
  } else {
    waiting_.push_back(ticket);
  }
  balance(now, out);
  return out;
}

PoolCommands QuestionPool::opened(ConnectionId id, MonoTime now) {
  PoolCommands out;
  const auto found = connections_.find(id);
  if (found == connections_.end()) return out;
  make_idle(id, found->second, now, out);
  balance(now, out);
  return out;
}

void QuestionPool::proven(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  found->second.proven = true;
  backoff_.reset();
}

PoolCommands QuestionPool::lost(ConnectionId id, const ConnectionFailure& why, MonoTime now) {
  PoolCommands out;
  const auto found = connections_.find(id);
  if (found == connections_.end()) return out;
  const Connection was = found->second;
  connections_.erase(found);
  if (was.state == State::kOpening) {
    lost_while_opening(why, now, out);
  } else {
    // One that served and ended is replaced at once, one that was never any good is not.
    if (!was.proven) back_off(now);
    if (was.state == State::kBusy) lost_while_busy(was, why, out);
  }
  balance(now, out);
  return out;
}

PoolCommands QuestionPool::answered(ConnectionId id, bool reusable, MonoTime now) {
  PoolCommands out;
  const auto found = connections_.find(id);
  if (found == connections_.end()) return out;
  EXITGATE_CHECK(found->second.state == State::kBusy);
  questions_.erase(found->second.ticket);
  backoff_.reset();
  if (reusable) {
    found->second.proven = true;
    make_idle(id, found->second, now, out);
  } else {
    connections_.erase(found);
  }
  balance(now, out);
  return out;
}

PoolCommands QuestionPool::tick(MonoTime now) {
  PoolCommands out;
  give_up_late(now, out);
  trim_idle(now, out);
  balance(now, out);
  return out;
}

MonoTime QuestionPool::next_deadline() const {
  MonoTime next = kNever;
  for (const auto& [ticket, question] : questions_) next = std::min(next, question.give_up_at);
  const std::size_t idle = count(State::kIdle);
  if (idle < limits_.warm && idle + count(State::kOpening) < limits_.warm + waiting_.size()) {
    next = std::min(next, hold_off_until_);
  }
  if (idle > limits_.warm) {
    for (const auto& [id, connection] : connections_) {
      if (connection.state == State::kIdle) next = std::min(next, connection.idle_since + limits_.idle_trim);
    }
  }
  return next;
}

void QuestionPool::assign(ConnectionId id, Connection& connection, std::uint64_t ticket, bool kept_alive,
                          PoolCommands& out) {
  connection.state = State::kBusy;
  connection.kept_alive = kept_alive;
  connection.ticket = ticket;
  out.push_back(SendQuestion{id, ticket});
}

void QuestionPool::make_idle(ConnectionId id, Connection& connection, MonoTime now, PoolCommands& out) {
  const bool fresh = connection.state == State::kOpening;
  if (!waiting_.empty()) {
    const std::uint64_t ticket = waiting_.front();
    waiting_.pop_front();
    assign(id, connection, ticket, !fresh, out);
    return;
  }
  connection.state = State::kIdle;
  connection.idle_since = now;
}

void QuestionPool::fail_question(std::uint64_t ticket, NoAnswer why, PoolCommands& out) {
  questions_.erase(ticket);
  out.push_back(FailQuestion{ticket, std::move(why)});
}

void QuestionPool::lost_while_opening(const ConnectionFailure& why, MonoTime now, PoolCommands& out) {
  back_off(now);
  // Those that still open may serve the oldest; only a question with none left to wait for is lost.
  if (waiting_.size() > count(State::kOpening)) {
    const std::uint64_t ticket = waiting_.front();
    waiting_.pop_front();
    fail_question(ticket, {why.cause, why.detail}, out);
  }
}

void QuestionPool::lost_while_busy(const Connection& was, const ConnectionFailure& why, PoolCommands& out) {
  const auto question = questions_.find(was.ticket);
  EXITGATE_CHECK(question != questions_.end());
  const bool broken = why.cause == NoAnswerCause::kTransport;
  if (!broken || !was.kept_alive || question->second.retried) {
    fail_question(was.ticket, {why.cause, why.detail}, out);
    return;
  }
  // Not on another idle one: what broke this one has most likely broken them all, unnoticed so far.
  question->second.retried = true;
  waiting_.push_front(was.ticket);
}

void QuestionPool::give_up_late(MonoTime now, PoolCommands& out) {
  std::vector<std::uint64_t> late;
  for (const auto& [ticket, question] : questions_) {
    if (question.give_up_at <= now) late.push_back(ticket);
  }
  for (const std::uint64_t ticket : late) {
    const auto waits = std::find(waiting_.begin(), waiting_.end(), ticket);
    if (waits != waiting_.end()) waiting_.erase(waits);
    const auto busy = std::find_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
      return entry.second.state == State::kBusy && entry.second.ticket == ticket;
    });
    if (busy != connections_.end()) {
      out.push_back(CloseConnection{busy->first});
      connections_.erase(busy);
    }
    const std::string after = std::to_string(to_ms(limits_.give_up_after));
    fail_question(ticket, {NoAnswerCause::kTimeout, "the backend did not answer a confirm within " + after + " ms"},
                  out);
  }
}

void QuestionPool::trim_idle(MonoTime now, PoolCommands& out) {
  std::size_t idle = count(State::kIdle);
  for (auto it = connections_.begin(); it != connections_.end() && idle > limits_.warm;) {
    if (it->second.state != State::kIdle || it->second.idle_since + limits_.idle_trim > now) {
      ++it;
      continue;
    }
    out.push_back(CloseConnection{it->first});
    it = connections_.erase(it);
    --idle;
  }
}

void QuestionPool::balance(MonoTime now, PoolCommands& out) {
  const std::size_t idle = count(State::kIdle);
  std::size_t opening = count(State::kOpening);
  std::size_t wanted = waiting_.size();
  // Questions do not wait for a hold-off, spare connections do.
  if (now >= hold_off_until_ && idle < limits_.warm) wanted += limits_.warm - idle;
  for (; opening < wanted; ++opening) {
    connections_.emplace(++newest_, Connection{});
    out.push_back(OpenConnection{newest_});
  }
}

void QuestionPool::back_off(MonoTime now) {
  // Several attempts that fail together are one failure.
  if (now >= hold_off_until_) hold_off_until_ = now + backoff_.next();
}

}  // namespace exitgate
