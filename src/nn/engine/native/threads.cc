#include "threads.h"
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <list>
#include <mutex>
#include <thread>

namespace {

/** One call of in_parallel, on its caller's stack: it is left only when no helper works on it any more. */
struct Call {
  void (*part)(void*, int64_t);
  void* data;
  int64_t count;
  std::atomic<int64_t> next{0};
  std::atomic<int> helpers{0};

  void work() {
    for (int64_t index = next++; index < count; index = next++) part(data, index);
  }
};

/** Helpers that wait for calls. They end with the process. */
class Helpers {
 public:
  Helpers() : count_(wanted()) {
    for (int helper = 0; helper < count_; helper++) std::thread([this] { help(); }).detach();
  }

  void run(Call& call) {
    if (count_ == 0 || call.count < 2) return call.work();
    std::unique_lock<std::mutex> lock(mutex_);
    const auto place = calls_.insert(calls_.end(), &call);
    told_++;
    lock.unlock();
    called_.notify_all();
    call.work();
    lock.lock();
    calls_.erase(place);
    lock.unlock();
    attend([&] { return call.helpers == 0; });
    lock.lock();
    left_.wait(lock, [&] { return call.helpers == 0; });
  }

 private:
  /** All of the node's threads, however TensorFlow is to share them out. */
  static int wanted() {
    const int number = variable("TF_NUM_INTEROP_THREADS") * variable("TF_NUM_INTRAOP_THREADS");
    return (number > 0 ? number : int(std::thread::hardware_concurrency())) - 1;
  }

  static int variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? 0 : std::atoi(value);
  }

  /** Looks for a moment whether something holds: most waits are shorter than being woken takes. */
  template <typename Condition>
  static void attend(Condition holds) {
    for (int turn = 0; turn < 1000 && !holds(); turn++) __builtin_ia32_pause();
  }

  Call* open() {
    for (Call* call : calls_)
      if (call->next < call->count) return call;
    return nullptr;
  }

  void help() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      Call* call = open();
      if (call == nullptr) {
        const int64_t told = told_;
        lock.unlock();
        attend([&] { return told_ != told; });
        lock.lock();
        called_.wait(lock, [&] { return told_ != told; });
        continue;
      }
      call->helpers++;
      lock.unlock();
      call->work();
      lock.lock();
      if (--call->helpers == 0) left_.notify_all();
    }
  }

  const int count_;
  /** How many calls there have been. */
  std::atomic<int64_t> told_{0};
  std::mutex mutex_;
  std::condition_variable called_;
  std::condition_variable left_;
  std::list<Call*> calls_;
};

}  // namespace

void in_parallel(int64_t count, void (*part)(void* data, int64_t index), void* data) {
  static Helpers& helpers = *new Helpers;
  Call call;
  call.part = part;
  call.data = data;
  call.count = count;
  helpers.run(call);
}
